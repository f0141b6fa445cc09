"""Our own SVG: each plot is one function from data to a string. No chart library, no inline style, every text escaped."""
