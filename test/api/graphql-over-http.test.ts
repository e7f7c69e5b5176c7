import { auditServer, serverAudits } from 'graphql-http';
import { beforeAll, expect, it } from 'vitest';
import { testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi(await testDatabase());
});

/*
 * None of what a server must do. The notices are about GET, which is off: an operation in a URL ends in logs and
 * histories. The warnings ask for the media type of before 2025 where a client names none; section "Legacy watershed" of
 * the specification has application/graphql-response+json since.
 */
it('every audit of GraphQL over HTTP passes', async () => {
  const results = await auditServer({ url: api.url, fetchFn: fetch });
  expect(results).toHaveLength(serverAudits({ url: api.url }).length);
  const others = results
    .filter(({ status }) => status !== 'ok')
    .map((result) => `${result.status} ${result.id} ${result.name}`);
  expect(others.sort()).toMatchInlineSnapshot(`
    [
      "notice 5A70 MAY accept application/x-www-form-urlencoded formatted GET requests",
      "notice 6A70 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json",
      "notice D6D5 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json",
      "warn 47DE SHOULD accept */* and use application/json for the content-type",
      "warn 80D8 SHOULD assume application/json content-type when accept is missing",
    ]
  `);
});
