import { TYPES } from 'postgraphile/@dataplan/pg';

const { fromPg, toPg } = TYPES.bytea;

/**
 * Cursors and node identifiers are JSON, which writes a Buffer as a list of numbers that PostgreSQL does not read back: a
 * page after one row of a swarm, whose key ends in the 20 bytes of a client, would have begun anywhere. Here bytes are
 * written there as PostgreSQL writes them, \x and hexadecimal digits, and read again. Answers hold base64 as before.
 *
 * In place, because the engine knows this codec by its identity.
 */
TYPES.bytea.fromPg = (text) => Object.defineProperty(fromPg(text), 'toJSON', { value: () => text });
TYPES.bytea.toPg = (bytes: Buffer | string) => (typeof bytes === 'string' ? bytes : toPg(bytes));
