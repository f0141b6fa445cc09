"""What the Makefile and the tests share: no product code."""
