import { type FragmentDefinitionNode, type OperationDefinitionNode, parse } from 'postgraphile/graphql';
import { expect, it } from 'vitest';
import { DocumentCache } from '../../src/api/document-cache.ts';
import { PlanCache } from '../../src/api/plan-cache.ts';

interface Plans {
  fragments: Record<string, FragmentDefinitionNode>;
  possibleOperationPlans: Chain | null;
}
interface Chain {
  next: Chain | null;
}

/** An operation and what Grafast keeps of it, with so many plans. */
function planned(text: string, shapes = 1): { operation: OperationDefinitionNode; kept: Plans } {
  const kept: Plans = { fragments: {}, possibleOperationPlans: null };
  let operation: OperationDefinitionNode | undefined;
  for (const definition of parse(text).definitions) {
    if (definition.kind === 'FragmentDefinition') kept.fragments[definition.name.value] = definition;
    if (definition.kind === 'OperationDefinition') operation = definition;
  }
  for (let shape = 0; shape < shapes; shape += 1) {
    kept.possibleOperationPlans = { next: kept.possibleOperationPlans };
  }
  if (!operation) throw new Error('no operation');
  return { operation, kept };
}

it('a plan weighs its fields, fragments expanded, and something besides', () => {
  const cache = new PlanCache();
  const { operation, kept } = planned('{ a { ...f } b { ...f ... { c } } } fragment f on X { d e { g } }');
  cache.set(operation, kept);
  // a, b, c, and d, e, g twice.
  expect(cache.weight).toBe(20 + 9);
});

it('what was used least recently makes room', () => {
  const cache = new PlanCache(70);
  const [first, second, third, fourth] = ['{ a }', '{ b }', '{ c }', '{ d }'].map((text) => planned(text));
  if (!first || !second || !third || !fourth) throw new Error('four were made');
  for (const { operation, kept } of [first, second, third]) cache.set(operation, kept);
  expect(cache.get(first.operation)).toBe(first.kept);
  cache.set(fourth.operation, fourth.kept);
  expect(cache.get(second.operation)).toBeUndefined();
  expect(cache.get(first.operation)).toBe(first.kept);
  expect(cache.weight).toBe(63);
});

it('plans that were added to an operation since are counted', () => {
  const cache = new PlanCache(100);
  const [small, other] = [planned('{ a }'), planned('{ b }')];
  cache.set(small.operation, small.kept);
  cache.set(other.operation, other.kept);
  for (let shape = 0; shape < 3; shape += 1) {
    other.kept.possibleOperationPlans = { next: other.kept.possibleOperationPlans };
  }
  expect(cache.get(other.operation)).toBe(other.kept);
  expect(cache.weight).toBe(4 * 21);
  expect(cache.get(small.operation)).toBeUndefined();
});

it('one operation may weigh more than all of them together, and is kept alone', () => {
  const cache = new PlanCache(50);
  const [heavy, light] = [planned('{ a }', 5), planned('{ b }')];
  cache.set(light.operation, light.kept);
  cache.set(heavy.operation, heavy.kept);
  expect(cache.get(light.operation)).toBeUndefined();
  expect(cache.get(heavy.operation)).toBe(heavy.kept);
});

it('parsed queries are kept by their length, those asked for last the longest', () => {
  const cache = new DocumentCache(20);
  for (const text of ['{ first }', '{ other }']) cache.set(text, parse(text));
  expect(cache.get('{ first }')).toBeDefined();
  cache.set('{ third }', parse('{ third }'));
  expect(cache.get('{ other }')).toBeUndefined();
  expect(cache.get('{ first }')).toBeDefined();
  const long = `{ ${'a '.repeat(20)}}`;
  cache.set(long, parse(long));
  expect(cache.get(long)).toBeUndefined();
});
