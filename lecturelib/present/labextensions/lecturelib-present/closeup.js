// One picture of the page over the whole stage; a drawing of much detail further, until its text can be read.
import { make } from "./make.js";
import { enlargement } from "./measure.js";

const SHARE = 0.97; // of the window, for a picture that is shown whole
const MOST = 8;
const STEP = 1.5;
const PAN = 0.2; // of the window, for an arrow key
const MOVES = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export const PICTURES = ".ll-img[src], .ll-figure img, .jp-RenderedImage img, .jp-OutputArea-output img, .jp-RenderedMarkdown img";

export class Closeup {
  // `images`: those of the page; `node`: where they are shown, one at a time.
  constructor(images, node) {
    this._images = images;
    this._node = node;
    this._at = 0;
    this._show();
  }

  _show() {
    const shown = this._images[this._at];
    this._node.replaceChildren();
    this._picture = make("img", "ll-deck-close", this._node, { src: shown.src, alt: shown.alt });
    this._picture.style.imageRendering = shown.style.imageRendering;
    this._ratio = shown.naturalWidth / (shown.naturalHeight || 1) || 1;
    this._to(1);
  }

  // Shows the picture at a multiple of its size as a whole, from its left upper corner or where it was.
  _to(scale) {
    const { clientWidth: wide, clientHeight: high } = this._node;
    const before = this._scale;
    this._scale = Math.max(1, Math.min(MOST, scale));
    this._width = SHARE * Math.min(wide, high * this._ratio);
    if (this._scale === 1) [this._x, this._y] = [0, 0];
    else if (before) [this._x, this._y] = [this._x, this._y].map((place) => (place * this._scale) / before);
    this._place();
  }

  _place() {
    const room = (size, window) => Math.max(0, (size - SHARE * window) / 2); // how far the middle may go
    const width = this._width * this._scale;
    const [across, down] = [room(width, this._node.clientWidth), room(width / this._ratio, this._node.clientHeight)];
    this._x = Math.max(-across, Math.min(across, this._x));
    this._y = Math.max(-down, Math.min(down, this._y));
    this._picture.style.width = `${width}px`;
    this._picture.style.transform = `translate(calc(-50% + ${this._x}px), calc(-50% + ${this._y}px))`;
  }

  async _read() {
    const factor = await enlargement(this._picture);
    if (factor <= 1) return;
    this._to(this._scale * factor);
    [this._x, this._y] = [1e9, 1e9]; // a drawing begins at its left upper corner
    this._place();
  }

  // True where the key was used here; any other closes it.
  key({ key }) {
    const [dx, dy] = MOVES[key] || [0, 0];
    if (key === "+" || key === "=") this._to(this._scale * STEP);
    else if (key === "-") this._to(this._scale / STEP);
    else if (key === "0") this._to(1);
    else if (key.toLowerCase() === "z") {
      if (this._scale > 1) this._to(1);
      else this._read();
    } else if (MOVES[key] && this._scale > 1) {
      this._x += dx * PAN * this._node.clientWidth;
      this._y += dy * PAN * this._node.clientHeight;
      this._place();
    } else if (MOVES[key]) {
      const next = this._at - dx - dy;
      if (!this._images[next]) return false;
      this._at = next;
      this._show();
    } else return false;
    return true;
  }
}
