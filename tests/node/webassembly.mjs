// Runs one program under the WebAssembly build of MicroPython.
// Standard input: {"module": path of micropython.mjs, "files": {path: text}, "program": text}
import { readFileSync } from "node:fs";

const job = JSON.parse(readFileSync(0, "utf8"));
const { loadMicroPython } = await import(job.module);
const micropython = await loadMicroPython({
  heapsize: 192 * 1024, // grows by itself: no limit here, the unix port holds the limit
  stdout: (line) => console.log(line),
  stderr: (line) => console.error(line),
});
for (const [path, text] of Object.entries(job.files)) {
  let folder = "";
  for (const part of path.split("/").slice(1, -1)) {
    folder += "/" + part;
    if (!micropython.FS.analyzePath(folder).exists) micropython.FS.mkdir(folder);
  }
  micropython.FS.writeFile(path, text);
}
try {
  micropython.runPython(job.program);
} catch (error) {
  console.error(String(error.message ?? error).slice(0, 2000)); // not the stack: it holds the whole build
  process.exit(1);
}
