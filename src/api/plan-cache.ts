import 'postgraphile';
import type {
  FragmentDefinitionNode,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'postgraphile/graphql';

/**
 * What the plans that are kept may weigh together. Measured: a plan takes about 11 kB for each field that it asks for and
 * 200 kB besides, so this is 180 MB at the worst, and the plans of 400 operations of twenty fields.
 */
export const planBudget = 16_000;

/** A plan without a field weighs as much as this many fields. */
const emptyPlan = 20;

/** Operations that are planned anew for each set of flags take turns in so many plans. */
const shapesOfAnOperation = 16;

/** What Grafast keeps of an operation: a plan for each set of variables that it had to tell apart. */
interface PlansOfOperation {
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly possibleOperationPlans: { readonly next: PlansOfOperation['possibleOperationPlans'] } | null;
}

/** Fields of an operation with its fragments expanded; they are known to be no more than the limit. */
function fieldsOf(
  operation: OperationDefinitionNode,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
): number {
  const known = new Map<string, number>();
  const count = ({ selections }: SelectionSetNode): number => {
    let fields = 0;
    for (const selection of selections) {
      if (selection.kind === 'FragmentSpread') {
        const name = selection.name.value;
        const fragment = fragments[name];
        const inside = known.get(name) ?? (fragment ? count(fragment.selectionSet) : 0);
        known.set(name, inside);
        fields += inside;
        continue;
      }
      if (selection.kind === 'Field') fields += 1;
      if (selection.selectionSet) fields += count(selection.selectionSet);
    }
    return fields;
  };
  return count(operation.selectionSet);
}

/**
 * Plans by operation, the least recently used forgotten first. Grafast has a cache of its own, which counts: 500 operations of
 * up to 50 plans each, whatever they weigh. That is 25,000 plans of up to 4 MB, which anybody can make it keep.
 */
export class PlanCache {
  readonly #budget: number;
  readonly #plans = new Map<
    OperationDefinitionNode,
    { readonly kept: PlansOfOperation; readonly each: number; weight: number }
  >();
  #weight = 0;

  constructor(budget: number = planBudget) {
    this.#budget = budget;
  }

  get weight(): number {
    return this.#weight;
  }

  get(operation: OperationDefinitionNode): PlansOfOperation | undefined {
    const entry = this.#plans.get(operation);
    if (!entry) return undefined;
    // A Map keeps the order of insertion: what was used last stands last.
    this.#plans.delete(operation);
    this.#plans.set(operation, entry);
    this.#weigh(entry);
    return entry.kept;
  }

  set(operation: OperationDefinitionNode, kept: PlansOfOperation): void {
    const entry = { kept, each: emptyPlan + fieldsOf(operation, kept.fragments), weight: 0 };
    this.#plans.set(operation, entry);
    this.#weigh(entry);
  }

  /** Grafast adds plans to what it was given, so they are counted whenever it asks. */
  #weigh(entry: { readonly kept: PlansOfOperation; readonly each: number; weight: number }): void {
    let shapes = 0;
    for (let plan = entry.kept.possibleOperationPlans; plan; plan = plan.next) shapes += 1;
    this.#weight += shapes * entry.each - entry.weight;
    entry.weight = shapes * entry.each;
    for (const [operation, { weight }] of this.#plans) {
      if (this.#weight <= this.#budget || this.#plans.size === 1) break;
      this.#plans.delete(operation);
      this.#weight -= weight;
    }
  }
}

/** Puts our cache in the place where Grafast looks for its own, as soon as it has made one. */
function bound(schema: GraphQLSchema): void {
  const { grafast: place = {} } = schema.extensions;
  const name = Object.getOwnPropertySymbols(place).find(
    ({ description }) => description === 'cacheByOperation',
  );
  if (name === undefined) throw new Error('Grafast keeps its plans in another place than it did.');
  Object.assign(place, {
    [name]: new PlanCache(),
    operationOperationPlansCacheMaxLength: shapesOfAnOperation,
  });
}

/** For the middleware of Grafast: bounds what plans may take of the memory of a process. */
export function keepPlansByWeight() {
  const bounded = new WeakSet<GraphQLSchema>();
  return <Plan>(next: () => Plan, { schema }: { readonly schema: GraphQLSchema }): Plan => {
    const plan = next();
    if (!bounded.has(schema)) {
      bound(schema);
      bounded.add(schema);
    }
    return plan;
  };
}
