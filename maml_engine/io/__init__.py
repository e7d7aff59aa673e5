"""Files: arrays, snapshots of a run, tables read and written."""
