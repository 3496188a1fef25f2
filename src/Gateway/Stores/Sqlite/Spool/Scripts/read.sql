SELECT answer FROM spool WHERE number = $number;
