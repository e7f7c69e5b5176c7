import { z } from 'zod';

/** One setting as a person sees it. */
export interface Setting {
  /** Its key in stoa.config; a dot is a level. */
  readonly key: string;
  /** Read in this order. */
  readonly environment: readonly string[];
  /** The option of the command line; secrets have none, because a command line is seen by everybody. */
  readonly flag?: string;
  readonly secret: boolean;
  readonly summary: string;
  /** As the documentation shows it. */
  readonly defaultText: string;
  readonly schema: z.ZodType;
}

export const wholeNumber = (minimum: number, maximum: number) =>
  z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], {
      error: `a whole number from ${minimum} to ${maximum}`,
    })
    .refine((value) => Number.isInteger(value) && value >= minimum && value <= maximum, {
      error: `a whole number from ${minimum} to ${maximum}`,
    });

export const yesOrNo = z.union(
  [
    z.boolean(),
    z.enum(['true', '1', 'yes', 'on']).transform(() => true),
    z.enum(['false', '0', 'no', 'off']).transform(() => false),
  ],
  { error: 'true or false' },
);

export const text = z.string({ error: 'a text' }).min(1, 'a text that is not empty');

export const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, { error: `one of ${values.join(', ')}` });

/** Given as a list in a settings file, or as one text with commas between. */
export const listOf = (expected: string) =>
  z.union(
    [
      z.array(text),
      z.string().transform((value) =>
        value
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== ''),
      ),
    ],
    { error: expected },
  );

export function isUrlWith(value: string, protocols: readonly string[]): boolean {
  try {
    return protocols.includes(new URL(value).protocol);
  } catch {
    return false;
  }
}

export const webUrl = z
  .string({ error: 'a URL such as https://community.example' })
  .refine((value) => isUrlWith(value, ['http:', 'https:']), {
    error: 'a URL such as https://community.example',
  })
  .transform((value) => value.replace(/\/+$/, ''));
