// The way into JupyterLab, as its loader expects it: a container with `init` and `get`, by hand instead of by a bundler.
// JupyterLab hands over its shared modules, so tokens and classes are the same objects as its own.
(() => {
  const here = document.currentScript.src;
  let scope = {};

  async function shared(name) {
    const versions = scope[name] || {};
    const found = Object.values(versions).find((one) => one.loaded) || Object.values(versions)[0];
    if (!found) throw new Error(`lecturelib-present: this JupyterLab does not share ${name}; it was made for 4.6`);
    return (await found.get())();
  }

  (window._JUPYTERLAB ??= {})["lecturelib-present"] = {
    init(given) {
      scope = given;
    },
    async get() {
      const [notebook, apputils, docmanager, messaging, widgets] = await Promise.all(
        ["@jupyterlab/notebook", "@jupyterlab/apputils", "@jupyterlab/docmanager", "@lumino/messaging", "@lumino/widgets"]
          .map(shared),
      );
      const { plugins } = await import(new URL("plugin.js", here));
      const lab = { notebook, apputils, docmanager, messaging, widgets, styles: ["deck.css", "layout.css"].map((name) => new URL(name, here).href) };
      return () => ({ __esModule: true, default: plugins(lab) });
    },
  };
})();
