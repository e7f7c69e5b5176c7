create or replace trigger count_insert
after insert on moderation.reports
referencing new table as added
for each statement
execute function moderation.count_reports();

comment on trigger count_insert on moderation.reports is 'Keeps report_count of the queue item.';
