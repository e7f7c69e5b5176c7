-- Why: the API answers whether it is ready and how the database does; both are asked of functions of schema ops,
-- which the sign-in login of the API may call. It may still read no table of the schema.
-- Locks: none on anything that holds data. Back: takes the usage of the schema away again.

-- Up Migration

grant usage on schema ops to stoa_auth;

-- Down Migration

revoke usage on schema ops from stoa_auth;
