import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { messagingScene, type Scene, send } from '../../sql/messaging/scene.ts';
import { startTestApi, type TestApi } from '../api.ts';

let stage: Scene;
let api: TestApi;

beforeAll(async () => {
  stage = await messagingScene();
  api = await startTestApi(stage.db);
});

it('the example of the docs prints messages as they come, and ends when it is signed out', async () => {
  const [ada, ben, id] = await stage.pair();
  const token = await api.signIn(ben.id);
  const example = fileURLToPath(new URL('../../../docs/examples/subscribe.ts', import.meta.url));
  const child = spawn(process.execPath, [example, api.url.replace('http', 'ws')], {
    env: { ...process.env, STOA_TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // It listens from some moment on, which it does not print: the first line it has is of a message after that.
  await expect.poll(() => api.connections()).toBe(1);
  const talking = setInterval(() => void send(ada, id, 'are you there?').catch(() => {}), 100);
  expect((await lines.next()).value).toBe(`${ada.name}: are you there?`);
  clearInterval(talking);
  await api.ask('mutation { signOut(input: {}) { clientMutationId } }', { token });
  expect(await exited).toEqual([0, null]);
});
