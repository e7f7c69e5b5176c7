import 'postgraphile';
import type { PgResource } from 'postgraphile/@dataplan/pg';

/** A function of the database, as the inflection knows it. */
export type Procedure = Parameters<GraphileBuild.Inflection['customMutationField']>[0]['resource'];

export function isProcedure(resource: PgResource): resource is PgResource & Procedure {
  return resource.parameters !== undefined;
}
