import { moduleSchemas } from '../../../src/catalog/schemas.ts';
import type { TestDatabase } from '../../harness/index.ts';

/** A table or view of the modules, as the catalog knows it. */
export interface Relation {
  readonly name: string;
  readonly columns: readonly string[];
  readonly primaryKey: readonly string[];
}

/** Every table and view of the module schemas; partitions are not among them. */
export async function readRelations(db: TestDatabase): Promise<ReadonlyMap<string, Relation>> {
  const { rows } = await db.query<Relation>(
    `select
       c.oid::regclass::text as name,
       array(
         select quote_ident(a.attname)
         from pg_catalog.pg_attribute as a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         order by a.attnum
       ) as columns,
       array(
         select quote_ident(a.attname)
         from pg_catalog.pg_index as i
         cross join unnest(i.indkey) with ordinality as key (attnum, place)
         join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum = key.attnum
         where i.indrelid = c.oid and i.indisprimary
         order by key.place
       ) as "primaryKey"
     from pg_catalog.pg_class as c
     where c.relnamespace::regnamespace::text = any ($1)
       and c.relkind in ('r', 'p', 'v', 'm', 'f')
       and not c.relispartition
     order by 1`,
    [await moduleSchemas(db.pool)],
  );
  return new Map(rows.map((relation) => [relation.name, relation]));
}
