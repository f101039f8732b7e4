passwd after=files heberg
group  after=files heberg
