/** One way to do what is measured: a figure of one round. */
export type Form = () => Promise<number>;

/**
 * Measures every form once a round and begins each round with another of them, so that a machine that is busy for a
 * while is busy for all of them, and no form always comes after the same one. A form that cannot be measured here is
 * undefined. Answers with the figures of a form, in the order in which they were measured.
 */
export async function alternate<Name extends string>(
  rounds: number,
  forms: Readonly<Record<Name, Form | undefined>>,
): Promise<(name: Name) => readonly number[]> {
  const entries = Object.entries<Form | undefined>(forms).flatMap(([name, measure]) =>
    measure ? [[name, measure] as const] : [],
  );
  const figures = new Map<string, number[]>(entries.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % entries.length;
    for (const [name, measure] of [...entries.slice(first), ...entries.slice(0, first)]) {
      figures.get(name)?.push(await measure());
    }
  }
  return (name) => figures.get(name) ?? [];
}
