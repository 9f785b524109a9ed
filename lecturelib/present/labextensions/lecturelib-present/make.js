// One element: its class, its attributes, and where it stands.
export function make(tag, css, parent, attributes = {}) {
  const node = document.createElement(tag);
  if (css) node.className = css;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.appendChild(node);
  return node;
}
