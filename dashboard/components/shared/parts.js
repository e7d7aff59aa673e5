// @ts-check
// Which of its parts a component shows.

/**
 * Whether a page uses a part; one that names none uses all.
 * @param {{ uses?: string[] | null }} data
 * @param {string} part
 */
export const isUsed = ({ uses }, part) => !uses || uses.includes(part);
