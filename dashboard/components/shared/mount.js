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
 * A component's default export: one object for each place that the component is mounted in.
 *
 * Streamlit calls it whenever data or theme change. What it gives back is called when the place is gone, and also for a call that
 * newer data overtook while the browser was importing the script; the place then stands, and so does the object in it. Ended
 * there, the next call would make a second one in the same place, and every handle would be there twice.
 *
 * Data come alone in a list: in a dictionary Streamlit looks for data frames, and loads pandas to do so.
 * @template Data
 * @param {(parent: HTMLElement | ShadowRoot, data: Data) => { receive: (data: Data, tell: SetStateValue) => void, end: () => void }} make
 * @returns {(call: Call<[Data]>) => () => void}
 */
export function mounted(make) {
  /** @type {WeakMap<Node, ReturnType<typeof make>>} */
  const instances = new WeakMap();
  return ({ data: [data], parentElement, setStateValue }) => {
    const instance = instances.get(parentElement) ?? make(parentElement, data);
    instances.set(parentElement, instance);
    instance.receive(data, setStateValue);
    return () => {
      if (!parentElement.isConnected && instances.delete(parentElement)) instance.end();
    };
  };
}
