import { partsOf, splitLast } from '../identity.ts';
import { hasRelation, nothing, only, refuse, relationOid, steps, typeOid, type Writer } from './writer.ts';

const ofPartition =
  'a partition follows its parent; what was done to one of them alone is undone on the spot';

interface Rule {
  readonly definition: string;
  readonly type: string;
  readonly isInherited: boolean;
  readonly domain: string | null;
}

const constraintQuery = `
  select
    pg_get_constraintdef(rule.oid) as definition,
    rule.contype::text as type,
    not rule.conislocal as "isInherited",
    case when rule.contypid <> 0 then rule.contypid::regtype::text end as domain
  from pg_catalog.pg_constraint as rule
  where quote_ident(rule.conname) = $2
    and (rule.conrelid = ${relationOid} and rule.conrelid <> 0 or rule.contypid = ${typeOid} and rule.contypid <> 0)`;

export const writeConstraint: Writer = async ({ identity, before, after }, { from, to }) => {
  const { owner, name } = splitLast(identity);
  if (partsOf(owner)[0] === 'parts') return refuse(ofPartition);
  const was = await only<Rule>(from, constraintQuery, [owner, name]);
  const is = await only<Rule>(to, constraintQuery, [owner, name]);
  const side = is ?? was;
  if (!side || side.isInherited) return nothing;
  // Written with the column.
  if (side.type === 'n') {
    return was && is
      ? refuse('a not-null rule that is not valid is validated by hand, where the rows are')
      : nothing;
  }
  const on = side.domain === null ? `alter table ${owner}` : `alter domain ${side.domain}`;
  const drop = `${on} drop constraint ${name}`;
  if (!is) {
    return side.domain === null && !(await hasRelation(to, owner)) ? nothing : steps(drop);
  }
  const add = `${on} add constraint ${name} ${is.definition}`;
  if (!was) return steps(add);
  const isValidated =
    was.definition.replace(/ NOT VALID$/, '') === is.definition && was.definition !== is.definition;
  if (isValidated) return steps(`${on} validate constraint ${name}`);
  // Only the index behind it differs in what a key does not say.
  if (was.definition === is.definition && before?.includes('using=') && after?.includes('using='))
    return nothing;
  return steps(drop, add);
};

interface Trigger {
  readonly definition: string;
  readonly enabled: 'O' | 'D' | 'R' | 'A';
}

const triggerQuery = `
  select pg_get_triggerdef(trigger.oid) as definition, trigger.tgenabled::text as enabled
  from pg_catalog.pg_trigger as trigger
  where trigger.tgrelid = ${relationOid} and quote_ident(trigger.tgname) = $2 and not trigger.tgisinternal`;

const enabling = { O: 'enable', D: 'disable', R: 'enable replica', A: 'enable always' } as const;

export const writeTrigger: Writer = async ({ identity }, { from, to }) => {
  const { owner: table, name } = splitLast(identity);
  if (partsOf(table)[0] === 'parts') return refuse(ofPartition);
  const was = await only<Trigger>(from, triggerQuery, [table, name]);
  const is = await only<Trigger>(to, triggerQuery, [table, name]);
  if (!is) {
    return (await hasRelation(to, table)) ? steps(`drop trigger ${name} on ${table}`) : nothing;
  }
  const state = `alter table ${table} ${enabling[is.enabled]} trigger ${name}`;
  if (was && was.definition === is.definition) return steps(state);
  return steps(
    ...(was ? [`drop trigger ${name} on ${table}`] : []),
    is.definition,
    ...(is.enabled === 'O' ? [] : [state]),
  );
};

interface Policy {
  readonly command: string;
  readonly permissive: boolean;
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

const policyQuery = `
  select
    policy.polcmd::text as command,
    policy.polpermissive as permissive,
    array(
      select case when role = 0 then 'public' else quote_ident(pg_get_userbyid(role)) end
      from unnest(policy.polroles) as role
      order by 1
    ) as roles,
    pg_get_expr(policy.polqual, policy.polrelid) as using,
    pg_get_expr(policy.polwithcheck, policy.polrelid) as check
  from pg_catalog.pg_policy as policy
  where policy.polrelid = ${relationOid} and quote_ident(policy.polname) = $2`;

const commands: Readonly<Record<string, string>> = {
  r: 'select',
  a: 'insert',
  w: 'update',
  d: 'delete',
  '*': 'all',
};

export const writePolicy: Writer = async ({ identity }, { from, to }) => {
  const { owner: table, name } = splitLast(identity);
  const was = await only<Policy>(from, policyQuery, [table, name]);
  const is = await only<Policy>(to, policyQuery, [table, name]);
  if (!is) {
    return (await hasRelation(to, table)) ? steps(`drop policy ${name} on ${table}`) : nothing;
  }
  const tail = [
    `to ${is.roles.join(', ')}`,
    ...(is.using === null ? [] : [`using (${is.using})`]),
    ...(is.check === null ? [] : [`with check (${is.check})`]),
  ].join(' ');
  const isSameForm =
    was?.command === is.command &&
    was.permissive === is.permissive &&
    (was.using === null) === (is.using === null) &&
    (was.check === null) === (is.check === null);
  if (isSameForm) return steps(`alter policy ${name} on ${table} ${tail}`);
  return steps(
    ...(was ? [`drop policy ${name} on ${table}`] : []),
    `create policy ${name} on ${table}${is.permissive ? '' : ' as restrictive'} for ${commands[is.command]} ${tail}`,
  );
};

interface Rewrite {
  readonly definition: string;
  readonly enabled: 'O' | 'D' | 'R' | 'A';
}

const ruleQuery = `
  select pg_get_ruledef(rule.oid) as definition, rule.ev_enabled::text as enabled
  from pg_catalog.pg_rewrite as rule
  where rule.ev_class = ${relationOid} and quote_ident(rule.rulename) = $2`;

export const writeRule: Writer = async ({ identity }, { from, to }) => {
  const { owner: table, name } = splitLast(identity);
  const was = await only<Rewrite>(from, ruleQuery, [table, name]);
  const is = await only<Rewrite>(to, ruleQuery, [table, name]);
  if (!is) return steps(`drop rule ${name} on ${table}`);
  const state = `alter table ${table} ${enabling[is.enabled]} rule ${name}`;
  if (was && was.definition === is.definition) return steps(state);
  return steps(
    ...(was ? [`drop rule ${name} on ${table}`] : []),
    is.definition.replace(/;$/, ''),
    ...(is.enabled === 'O' ? [] : [state]),
  );
};

const statisticsQuery = `
  select pg_get_statisticsobjdef(statistics.oid) as definition
  from pg_catalog.pg_statistic_ext as statistics
  join pg_catalog.pg_namespace as space on space.oid = statistics.stxnamespace
  where format('%I.%I', space.nspname, statistics.stxname) = $1`;

export const writeStatistics: Writer = async ({ identity }, { from, to }) => {
  const was = await only<{ definition: string }>(from, statisticsQuery, [identity]);
  const is = await only<{ definition: string }>(to, statisticsQuery, [identity]);
  return steps(...(was ? [`drop statistics ${identity}`] : []), ...(is ? [is.definition] : []));
};
