create or replace trigger refuse_change
before update or delete on audit.logs
for each row execute function audit.refuse_change();

comment on trigger refuse_change on audit.logs is 'The log only grows.';
