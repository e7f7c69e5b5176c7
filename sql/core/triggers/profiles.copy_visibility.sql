create or replace trigger copy_visibility
before insert on core.profiles
for each row execute function core.copy_visibility();

comment on trigger copy_visibility on core.profiles is 'A new row starts with the visibility that its owner chose.';
