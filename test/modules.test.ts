import { describe, expect, it } from 'vitest';
import { modules, resolveModules } from '../src/modules.ts';

const namesOf = (chosen: readonly string[]): readonly string[] =>
  resolveModules(chosen)
    .filter(({ base }) => !base)
    .map(({ name }) => name);

describe('a choice of modules', () => {
  it.each([['governance'], ['ledger']])('that names %s has both halves of governance, in order', (name) => {
    expect(namesOf([name])).toEqual(['governance', 'ledger']);
  });

  it('has the base and nothing else when it is empty', () => {
    expect(namesOf([])).toEqual([]);
    expect(resolveModules([]).length).toBeGreaterThan(0);
  });

  it('requires only what exists', () => {
    const names = modules.map(({ name }) => name);
    expect(modules.flatMap(({ requires }) => requires).filter((name) => !names.includes(name))).toEqual([]);
  });
});
