import { beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { messagingScene, type Scene, send } from '../../sql/messaging/scene.ts';
import { startTestApi, type TestApi } from '../api.ts';

let stage: Scene;
let api: TestApi;

beforeAll(async () => {
  stage = await messagingScene();
  api = await startTestApi(stage.db, {}, { maxConnectionsPerAddress: 1_000, maxConnectionsPerAccount: 100 });
});

it('a thousand listeners of one conversation each get each message once, in order, and are let go without a trace', async () => {
  const [owner, others, id] = await stage.group(21);
  const tokens: string[] = [];
  for (const other of others) tokens.push(await api.signIn(other.id));
  const query = `subscription { conversationMessages(conversationId: "${id}") { messages { content } } }`;
  const rounds = 2;
  const said = Array.from({ length: rounds }, (_, round) => `round ${round}`);
  const sockets: WebSocket[] = [];
  let listening = 0;
  let allListen: () => void = () => {};
  const everybody = new Promise<void>((resolve) => {
    allListen = resolve;
  });
  const heard = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) => index).map(
      (index) =>
        new Promise<string[]>((resolve, reject) => {
          const socket = new WebSocket(api.url.replace('http', 'ws'), 'graphql-transport-ws');
          sockets.push(socket);
          const texts: string[] = [];
          const token = tokens[index % tokens.length];
          socket.on('error', reject);
          socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
          socket.on('open', () =>
            socket.send(
              JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }),
            ),
          );
          socket.on('message', (data) => {
            const message = JSON.parse(String(data));
            if (message.type === 'connection_ack') {
              socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }));
            } else if (message.type === 'next') {
              const messages: { content: string }[] = message.payload.data.conversationMessages.messages;
              texts.push(...messages.map(({ content }) => content));
              if (messages.length === 0) {
                listening += 1;
                if (listening === 1_000) allListen();
              }
              if (texts.length >= rounds) resolve(texts);
            } else reject(new Error(String(data)));
          });
          if (index === 0) {
            everybody
              .then(async () => {
                for (const text of said) await send(owner, id, text);
              })
              .catch(reject);
          }
        }),
    ),
  );
  expect(heard.every((texts) => texts.join() === said.join())).toBe(true);
  expect(api.connections()).toBe(1_000);
  const closed = sockets.map((socket) => {
    socket.removeAllListeners('close');
    return new Promise((resolve) => socket.once('close', resolve));
  });
  for (const socket of sockets) socket.close();
  await Promise.all(closed);
  await expect.poll(() => api.connections()).toBe(0);
}, 60_000);
