create or replace trigger copy_visibility
before insert on core.presence
for each row execute function core.copy_visibility();

comment on trigger copy_visibility on core.presence is 'A new row starts with the visibility that its owner chose.';
