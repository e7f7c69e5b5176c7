export { type Actor, type RequestRole, type TestDatabase, testDatabase } from './database.ts';
export { createUser, type NewUser } from './users.ts';
