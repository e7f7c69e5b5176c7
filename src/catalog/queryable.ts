import type { QueryResult, QueryResultRow } from 'pg';

/** A pool or a connection: reading the catalog needs one method of either. */
export interface Queryable {
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
}
