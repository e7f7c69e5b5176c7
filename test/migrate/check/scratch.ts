import { randomBytes } from 'node:crypto';
import { connect, databaseOf, withDatabase } from '../../../src/postgres/connect.ts';
import { prepareDatabase } from '../../../src/postgres/prepare.ts';

/** An empty database for the length of a test file. Answers with its URL as superuser. */
export async function createScratch(serverUrl: string): Promise<string> {
  const name = `stoa_test_${randomBytes(6).toString('hex')}`;
  await prepareDatabase(serverUrl, name);
  return withDatabase(serverUrl, name);
}

export async function dropScratch(serverUrl: string, url: string): Promise<void> {
  const admin = await connect(serverUrl, 'test drop');
  await admin.query(`drop database if exists ${databaseOf(url)} with (force)`);
  await admin.end();
}
