// Light and dark, turned on stage and given back afterwards.
export class Theme {
  // `themes`: JupyterLab's theme manager, or nothing.
  constructor(themes) {
    this._themes = themes;
    this._turning = Promise.resolve();
  }

  async turn() {
    if (!this._themes) return;
    this._before ??= this._wanted = this._themes.theme;
    // From what was wanted last, not from what is shown, and one after the other: a theme takes a moment to come and to
    // be saved, and a second one saved meanwhile would be lost.
    const wanted = (this._wanted = this._themes.isLight(this._wanted) ? "JupyterLab Dark" : "JupyterLab Light");
    await (this._turning = this._turning.then(() => this._themes.setTheme(wanted)));
  }

  restore() {
    if (this._before && this._wanted !== this._before) this._turning.then(() => this._themes.setTheme(this._before));
  }
}
