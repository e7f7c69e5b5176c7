import 'postgraphile';

type Behavior = GraphileBuild.Build['behavior'];

interface Answers {
  readonly matches: Map<string, boolean | undefined>;
  readonly applied: Map<string, ReturnType<Behavior['getPreferencesAppliedBehaviors']>>;
}

const cached = new WeakSet<object>();
const answersOf = new WeakMap<Behavior, Answers>();

function answers(behavior: Behavior): Answers {
  const known = answersOf.get(behavior) ?? { matches: new Map(), applied: new Map() };
  answersOf.set(behavior, known);
  return known;
}

/** On the prototype: the instance is frozen, and its class is not exported. */
function cacheAnswers(prototype: Behavior): void {
  if (cached.has(prototype)) return;
  cached.add(prototype);

  const match = prototype.entityMatches;
  prototype.entityMatches = function (this: Behavior, entityType, entity, filter) {
    const { matches } = answers(this);
    const question = `${entityType}\n${filter}\n${this.getBehaviorForEntity(entityType, entity).behaviorString}`;
    if (matches.has(question)) return matches.get(question);
    const answer = match.call(this, entityType, entity, filter);
    matches.set(question, answer);
    return answer;
  };

  const apply = prototype.getPreferencesAppliedBehaviors;
  prototype.getPreferencesAppliedBehaviors = function (this: Behavior, entityType, inferred, override) {
    const { applied } = answers(this);
    const question = `${entityType}\n${inferred.behaviorString}\n${override.behaviorString}`;
    const answer = applied.get(question) ?? apply.call(this, entityType, inferred, override);
    applied.set(question, answer);
    return answer;
  };
}

/**
 * A build of the schema asks tens of thousands of times what the behaviours of an entity come to, and whether they match
 * a filter. For each question graphile-build takes lists of a hundred behaviours apart and compares each with each: more
 * than a third of the time of a build. The answers depend on the behaviours as text, of which there are few, so each is
 * worked out once. (Of two entities with the same behaviours the second then has the first's list of who gave them, which
 * only graphile's debugging prints.)
 */
export const BehaviorCachePlugin: GraphileConfig.Plugin = {
  name: 'StoaBehaviorCachePlugin',
  version: '1.0.0',
  description: 'What behaviours come to is worked out once.',
  schema: {
    hooks: {
      init: {
        before: ['default'],
        callback(value, build) {
          cacheAnswers(Object.getPrototypeOf(build.behavior));
          return value;
        },
      },
    },
  },
};
