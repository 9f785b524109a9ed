// A button for a file of the student's own. ipywidgets' own button would send files of any size, and Jupyter cuts
// its connection at messages of 10 MiB without a word.

const LARGE = 6e6; // bytes above which a photo is made smaller before it leaves the page
const ENOUGH = 2048; // pixels of the longer side that it keeps then

async function content(file) {
  if (file.size <= LARGE) return file;
  try {
    const image = await createImageBitmap(file); // applies the camera's rotation
    const scale = Math.min(1, ENOUGH / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height].map((side) => Math.round(side * scale));
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
  } catch {
    return file.slice(0, 1e5); // no picture: its beginning lets the reader in the kernel say so
  }
}

function render({ model, el }) {
  const input = document.createElement("input");
  const button = document.createElement("button");
  const name = document.createElement("span");
  Object.assign(input, { type: "file", hidden: true, accept: model.get("accept") });
  button.type = "button";
  button.className = "jupyter-button widget-button ll-upload";
  button.textContent = `${model.get("words")} …`;
  name.className = "ll-upload-name";
  el.append(input, button, name);
  const onName = () => (name.textContent = model.get("name"));
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    const bytes = await (await content(file)).arrayBuffer();
    model.send({ type: "file", name: file.name }, undefined, [bytes]);
    input.value = ""; // so that the same file can be chosen again
  });
  model.on("change:name", onName);
  onName();
  return () => model.off("change:name", onName);
}

export default { render };
