create or replace trigger keep_frozen
before update or delete on governance.proposals
for each row
execute function governance.freeze_proposal();

comment on trigger keep_frozen on governance.proposals is 'What is voted on does not change.';
