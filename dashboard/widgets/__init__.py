"""What every page is made with: its frame, its sidebar, the session's keys, its link."""
