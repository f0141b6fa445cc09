// The camera: on only while something is to be photographed, and never without the browser's own leave.
const WIDTH = 1280, HEIGHT = 960, QUALITY = 0.82;
let stream = null;

/** Shows the camera in a video element. Rejects where there is none, or the page is not of a secure context. */
export async function startCamera(video) {
  if (!navigator.mediaDevices) throw new Error("no secure context");
  stream ??= await navigator.mediaDevices.getUserMedia({ video: { width: WIDTH, height: HEIGHT, facingMode: "environment" }, audio: false });
  if (video.srcObject !== stream) video.srcObject = stream;
  await video.play();
}

export function stopCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
}

/** A JPEG of what is seen now. */
export async function takePhoto(video) {
  await startCamera(video);
  const canvas = Object.assign(document.createElement("canvas"), { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  const picture = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  if (!picture) throw new Error("no picture");
  return picture;
}
