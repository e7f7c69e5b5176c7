import { type DrillCheck, outcome, reasonOf } from '../check.ts';
import { quoted } from '../point.ts';

interface ForeignKey {
  readonly name: string;
  readonly child: string;
  readonly parent: string;
  readonly child_columns: readonly string[];
  readonly parent_columns: readonly string[];
}

export const constraints: DrillCheck = {
  name: 'constraints',
  shows: 'Every constraint is validated, every foreign key finds its row, no sequence is behind its column.',
  async run({ client }) {
    const findings: string[] = [];
    const { rows: unproven } = await client.query<{ name: string }>(
      `select conrelid::regclass || ', ' || conname as name
       from pg_catalog.pg_constraint where not convalidated order by 1`,
    );
    for (const { name } of unproven) findings.push(`${name} is not validated`);

    const { rows: keys } = await client.query<ForeignKey>(
      `select
         con.conname as name, con.conrelid::regclass::text as child, con.confrelid::regclass::text as parent,
         array(select attname::text from unnest(con.conkey) with ordinality as key (number, place)
               join pg_catalog.pg_attribute on attrelid = con.conrelid and attnum = number order by place) as child_columns,
         array(select attname::text from unnest(con.confkey) with ordinality as key (number, place)
               join pg_catalog.pg_attribute on attrelid = con.confrelid and attnum = number order by place) as parent_columns
       from pg_catalog.pg_constraint as con
       join pg_catalog.pg_class as class on class.oid = con.conrelid
       where con.contype = 'f' and con.conparentid = 0 and class.relpersistence = 'p'
       order by con.oid`,
    );
    for (const { name, child, parent, child_columns: from, parent_columns: to } of keys) {
      const match = from
        .map((column, at) => `parent.${quoted(to[at] ?? '')} = child.${quoted(column)}`)
        .join(' and ');
      const given = from.map((column) => `child.${quoted(column)} is not null`).join(' and ');
      try {
        const { rows } = await client.query<{ orphans: string }>(
          `select count(*)::text as orphans from ${child} as child
           where ${given} and not exists (select from ${parent} as parent where ${match})`,
        );
        const orphans = Number(rows[0]?.orphans ?? 0);
        if (orphans > 0) findings.push(`${child}, ${name}: ${orphans} rows point at nothing in ${parent}`);
      } catch (error) {
        findings.push(`${child}, ${name}: ${reasonOf(error)}`);
      }
    }

    const { rows: sequences } = await client.query<{ sequence: string; owner: string; column: string }>(
      `select class.oid::regclass::text as sequence, link.refobjid::regclass::text as owner, attname::text as column
       from pg_catalog.pg_class as class
       join pg_catalog.pg_depend as link
         on link.objid = class.oid and link.classid = 'pg_class'::regclass and link.deptype in ('a', 'i') and link.refobjsubid > 0
       join pg_catalog.pg_attribute on attrelid = link.refobjid and attnum = link.refobjsubid
       where class.relkind = 'S'`,
    );
    for (const { sequence, owner, column } of sequences) {
      const { rows } = await client.query<{ is_behind: boolean | null }>(
        `select (select max(${quoted(column)}) from ${owner})::numeric
           > (select case when is_called then last_value else last_value - 1 end from ${sequence}) as is_behind`,
      );
      if (rows[0]?.is_behind) findings.push(`${sequence} is behind ${owner}.${column}`);
    }
    return outcome(findings, { foreignKeys: keys.length, sequences: sequences.length });
  },
};
