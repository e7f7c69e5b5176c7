/** How many letters must be put in, left out or replaced to make one word of the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [column, otherLetter] of [...other].entries()) {
      next.push(
        Math.min(
          (row[column] ?? 0) + (letter === otherLetter ? 0 : 1),
          (row[column + 1] ?? 0) + 1,
          (next[column] ?? 0) + 1,
        ),
      );
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

/** The names that somebody may have meant, the likeliest first: at most three. */
export function similarNames(given: string, names: readonly string[]): readonly string[] {
  const words = given
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length > 2);
  return names
    .map((name) => ({
      name,
      far: distance(given.toLowerCase(), name),
      isPart: name.includes(given.toLowerCase()) || words.some((word) => name.includes(word)),
    }))
    .filter(({ far, name, isPart }) => isPart || far <= Math.max(2, name.length * 0.3))
    .sort((one, other) => one.far - other.far || one.name.localeCompare(other.name))
    .slice(0, 3)
    .map(({ name }) => name);
}
