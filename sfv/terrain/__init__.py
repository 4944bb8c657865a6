"""What characters stand on, as data: heights, blocks, friction, the named kinds, and worlds of many tiles."""
