// Runs one program under CPython's WebAssembly build.
// Standard input: {"module": path of pyodide.mjs, "files": {path: text}, "zone": {path, hex}, "program": text}
import { readFileSync } from "node:fs";

const job = JSON.parse(readFileSync(0, "utf8"));
const { loadPyodide } = await import(job.module);
const python = await loadPyodide({
  stdout: (line) => console.log(line),
  stderr: (line) => console.error(line),
});
const write = (path, data) => {
  python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
  python.FS.writeFile(path, data);
};
for (const [path, text] of Object.entries(job.files)) write(path, text);
write(job.zone.path, Buffer.from(job.zone.hex, "hex"));
try {
  python.runPython(job.program);
} catch (error) {
  console.error(String(error.message ?? error).slice(-2000));
  process.exit(1);
}
