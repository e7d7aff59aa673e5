// @ts-check
// How Streamlit calls a component (version 2 of its components).

/** @typedef {(name: string, value: unknown) => void} SetStateValue tells Python, which runs the page again */

/**
 * @template Data
 * @typedef {object} Call
 * @property {Data} data what Python says
 * @property {HTMLElement | ShadowRoot} parentElement where the component's page is
 * @property {SetStateValue} setStateValue
 */

/**
 * A component's default export. Streamlit calls it whenever data or theme change, and what it gives back once, at the end: here
 * as one object for each place that the component is mounted in.
 * @template Data
 * @param {(parent: HTMLElement | ShadowRoot, data: Data) => { receive: (data: Data, tell: SetStateValue) => void, end: () => void }} make
 * @returns {(call: Call<Data>) => () => void}
 */
export function mounted(make) {
  /** @type {WeakMap<Node, ReturnType<typeof make>>} */
  const instances = new WeakMap();
  return ({ data, parentElement, setStateValue }) => {
    const instance = instances.get(parentElement) ?? make(parentElement, data);
    instances.set(parentElement, instance);
    instance.receive(data, setStateValue);
    return () => {
      instance.end();
      instances.delete(parentElement);
    };
  };
}
