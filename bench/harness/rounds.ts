/** The rounds of one pass of a run. */
export interface Rounds {
  readonly count: number;
  /** How many rounds the passes before have had: the forms go on taking turns from there. */
  readonly first: number;
}

/** Part `number` (from 0) of so many rounds that are shared out among passes, the earlier ones having one more. */
export function shareOut(rounds: number, passes: number, number: number): Rounds {
  const [each, more] = [Math.floor(rounds / passes), rounds % passes];
  return { count: each + (number < more ? 1 : 0), first: each * number + Math.min(number, more) };
}

/** Of what takes seconds each time, in all passes: what disturbs the machine for a moment is a small part of it. */
export const fewRounds = 6;

/** One way to do what is measured: what one round says of it, a figure or several. */
export type Form<Figure = number> = () => Promise<Figure>;

export interface AlternateOptions {
  /** Each form is done once before the first round, and what it says is left out. */
  readonly isWarmedUp?: boolean;
}

/**
 * Measures every form once a round and begins each round with another of them, so that a machine that is busy for a
 * while is busy for all of them, and no form always comes after the same one. A form that cannot be measured here is
 * undefined. Answers with the figures of a form, in the order in which they were measured.
 */
export async function alternate<Name extends string, Figure = number>(
  { count, first }: Rounds,
  forms: Readonly<Record<Name, Form<Figure> | undefined>>,
  { isWarmedUp = false }: AlternateOptions = {},
): Promise<(name: Name) => readonly Figure[]> {
  const entries = Object.entries<Form<Figure> | undefined>(forms).flatMap(([name, measure]) =>
    measure ? [[name, measure] as const] : [],
  );
  const figures = new Map<string, Figure[]>(entries.map(([name]) => [name, []]));
  if (isWarmedUp) for (const [, measure] of entries) await measure();
  for (let round = first; round < first + count; round += 1) {
    const begin = round % entries.length;
    for (const [name, measure] of [...entries.slice(begin), ...entries.slice(0, begin)]) {
      figures.get(name)?.push(await measure());
    }
  }
  return (name) => figures.get(name) ?? [];
}
