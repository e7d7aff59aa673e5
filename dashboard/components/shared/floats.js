// @ts-check
// Arrays as Python sends them.

/**
 * Base64 of little-endian 32-bit floats, as doubles.
 * @param {string} text
 */
export function floats(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(4 * index, true));
}
