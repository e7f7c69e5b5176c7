create or replace trigger commit_digest
after insert on audit.logs
for each row execute function audit.commit_digest();

comment on trigger commit_digest on audit.logs is 'An entry that has no digest was not written by Stoa.';
