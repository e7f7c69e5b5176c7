import { modules as registry } from '../modules.ts';

/** Where migrations may put things; `public` is there to show what was put into it by mistake. */
export const migratedSchemas: readonly string[] = [
  ...registry.map(({ schema }) => schema),
  'parts',
  'extensions',
  'public',
];
