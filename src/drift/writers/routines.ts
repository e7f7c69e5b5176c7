import { nothing, only, refuse, type Step, type Writer } from './writer.ts';

interface Routine {
  readonly definition: string | null;
  readonly owner: string;
}

const query = `
  select
    case when routine.prokind <> 'a' then pg_get_functiondef(routine.oid) end as definition,
    quote_ident(pg_get_userbyid(routine.proowner)) as owner
  from pg_catalog.pg_proc as routine
  join pg_catalog.pg_namespace as space on space.oid = routine.pronamespace
  where format('%I.%I(%s)', space.nspname, routine.proname, pg_get_function_identity_arguments(routine.oid)) = $1`;

export const writeRoutine: Writer = async ({ kind, identity }, { from, to }) => {
  const was = await only<Routine>(from, query, [identity]);
  const is = await only<Routine>(to, query, [identity]);
  const drop = `drop ${kind} ${identity}`;
  if (!is) return was ? { steps: [{ sql: [drop] }] } : nothing;
  if (is.definition === null) return refuse('an aggregate is written by hand');
  // Dollar quotes end the text, and a line feed may follow them.
  const definition = is.definition.trimEnd();
  const steps: Step[] = [];
  if (!was) steps.push({ sql: [definition] });
  else if (was.definition !== is.definition) steps.push({ sql: [definition], otherwise: [drop, definition] });
  if (was && was.owner !== is.owner) steps.push({ sql: [`alter ${kind} ${identity} owner to ${is.owner}`] });
  return { steps };
};
