// The clocks of a show: since its start, and how long each section was on stage.

export class ShowClock {
  constructor() {
    this.beginAgain();
  }

  beginAgain() {
    this.began = this._since = Date.now();
    this._spent = new Map(); // of each section that was left, milliseconds
    this._section ??= "";
  }

  // Says which section is on stage from now on.
  turn(section) {
    this._spent.set(this._section, this.spent(this._section));
    this._section = section;
    this._since = Date.now();
  }

  // Milliseconds of a section; its clock runs while one of its pages is shown.
  spent(section) {
    return (this._spent.get(section) || 0) + (section === this._section ? Date.now() - this._since : 0);
  }

  get elapsed() {
    return Date.now() - this.began;
  }
}
