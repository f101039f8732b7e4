passwd after=files heberg
group  after=files heberg
shadow after=files heberg
