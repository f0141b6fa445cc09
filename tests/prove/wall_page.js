// What a person before a page sees and hears, with the moment of each in milliseconds of this page's clock.
(() => {
  const watched = (window.watched = { cards: [], tones: [], pictures: [], tasks: [], paints: {} });
  const known = new Set();

  // After the frame: the task that is posted in a frame runs when that frame has been painted.
  const afterPaint = (done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now());
    port2.postMessage(0);
  });
  const isOnScreen = (box) => box.height > 0 && box.top >= 0 && box.bottom <= innerHeight;

  new MutationObserver(() => {
    const fresh = [...document.querySelectorAll(".alarm[data-alarm]")].filter((node) => !known.has(node.dataset.alarm));
    if (!fresh.length) return;
    const put = performance.now();
    for (const node of fresh) known.add(node.dataset.alarm);
    afterPaint((painted) => {
      for (const node of fresh) {
        watched.cards.push({ id: node.dataset.alarm, put, painted, seen: isOnScreen(node.getBoundingClientRect()) });
      }
    });
  }).observe(document, { childList: true, subtree: true });

  // A tone begins when its oscillator is told to; it is heard when the moment it was given has come and the device has played it.
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (when = 0) {
    const now = performance.now(), { currentTime, baseLatency, outputLatency, state } = this.context;
    const ahead = Math.max(0, when - currentTime) * 1000;
    watched.tones.push({ called: now, ahead, device: ((baseLatency || 0) + (outputLatency || 0)) * 1000, state });
    return start.call(this, when);
  };

  const listen = EventTarget.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (name, take, ...rest) {
    const timed = (event) => {
      const from = performance.now();
      take(event);
      const ms = performance.now() - from, bytes = new TextEncoder().encode(event.data).length;
      const picture = { from, ms, bytes, regions: Object.keys(JSON.parse(event.data).regions), painted: 0 };
      watched.pictures.push(picture);
      afterPaint((at) => { picture.painted = at - from; });
    };
    return listen.call(this, name, name === "picture" ? timed : take, ...rest);
  };

  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) watched.tasks.push({ from: task.startTime, ms: task.duration });
  }).observe({ type: "longtask", buffered: true });
  new PerformanceObserver((list) => {
    for (const paint of list.getEntries()) watched.paints[paint.name] = paint.startTime;
  }).observe({ type: "paint", buffered: true });
})();
