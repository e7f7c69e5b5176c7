import { hasRelation, refuse, steps, type Writer } from './writer.ts';

/** `SELECT, UPDATE with grant option` */
function privilegesOf(definition: string | undefined): ReadonlySet<string> {
  return new Set(definition === undefined ? [] : definition.split(', '));
}

const optionMark = ' with grant option';
const plain = (privilege: string): string => privilege.replace(optionMark, '').toLowerCase();

function changesOf(
  before: string | undefined,
  after: string | undefined,
  phrase: (verb: 'grant' | 'revoke', privileges: readonly string[], hasOption: boolean) => string,
): string[] {
  const was = privilegesOf(before);
  const is = privilegesOf(after);
  const gone = [...was].filter((privilege) => !is.has(privilege));
  const come = [...is].filter((privilege) => !was.has(privilege));
  const ordinary = come.filter((privilege) => !privilege.endsWith(optionMark));
  const passable = come.filter((privilege) => privilege.endsWith(optionMark));
  return [
    ...(gone.length === 0 ? [] : [phrase('revoke', gone.map(plain), false)]),
    ...(ordinary.length === 0 ? [] : [phrase('grant', ordinary.map(plain), false)]),
    ...(passable.length === 0 ? [] : [phrase('grant', passable.map(plain), true)]),
  ];
}

export const writeGrant: Writer = async ({ identity, before, after }, { to }) => {
  const [, thing = '', name = '', role = ''] =
    /^(schema|table|sequence|column|function|type) (.*) to ((?:"(?:[^"]|"")*"|\S+))$/s.exec(identity) ?? [];
  if (thing === '') return refuse('a grant of this kind is written by hand');
  if (name.startsWith('parts.')) return refuse('a partition is never granted: take it back on the spot');
  // With the object goes what was granted on it.
  if (after === undefined && (thing === 'table' || thing === 'sequence')) {
    if (!(await hasRelation(to, name))) return { steps: [] };
  }
  if (after === undefined && thing === 'function') {
    const { rowCount } = await to.query(
      `select
       from pg_catalog.pg_proc as routine
       join pg_catalog.pg_namespace as space on space.oid = routine.pronamespace
       where format('%I.%I(%s)', space.nspname, routine.proname, pg_get_function_identity_arguments(routine.oid)) = $1`,
      [name],
    );
    if (rowCount === 0) return { steps: [] };
  }
  if (thing === 'column') {
    const at = name.lastIndexOf('.');
    const [table, column] = [name.slice(0, at), name.slice(at + 1)];
    if (after === undefined && !(await hasRelation(to, table))) return { steps: [] };
    return steps(
      ...changesOf(before, after, (verb, privileges, hasOption) =>
        verb === 'grant'
          ? `grant ${privileges.map((privilege) => `${privilege} (${column})`).join(', ')} on ${table} to ${role}${hasOption ? optionMark : ''}`
          : `revoke ${privileges.map((privilege) => `${privilege} (${column})`).join(', ')} on ${table} from ${role}`,
      ),
    );
  }
  const keyword = thing === 'function' ? 'routine' : thing;
  return steps(
    ...changesOf(before, after, (verb, privileges, hasOption) =>
      verb === 'grant'
        ? `grant ${privileges.join(', ')} on ${keyword} ${name} to ${role}${hasOption ? optionMark : ''}`
        : `revoke ${privileges.join(', ')} on ${keyword} ${name} from ${role}`,
    ),
  );
};

export const writeDefaultPrivileges: Writer = async ({ identity, before, after }) => {
  const [, things = '', owner = '', place = '', role = ''] =
    /^(\w+) for (\S+) in (every schema|\S+) to (\S+)$/.exec(identity) ?? [];
  if (things === '') return refuse('default privileges of this kind are written by hand');
  const head = `alter default privileges for role ${owner}${place === 'every schema' ? '' : ` in schema ${place}`}`;
  return steps(
    ...changesOf(before, after, (verb, privileges, hasOption) =>
      verb === 'grant'
        ? `${head} grant ${privileges.join(', ')} on ${things} to ${role}${hasOption ? optionMark : ''}`
        : `${head} revoke ${privileges.join(', ')} on ${things} from ${role}`,
    ),
  );
};
